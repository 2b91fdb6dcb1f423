"""A soak: mixed traffic and faults for as long as one likes, with every answer checked.

samples, faults -> clients -> tally -> report
"""
