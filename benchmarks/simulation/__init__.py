"""A fleet of services on paper: clients, a balancer, replicas and an autoscaler, as discrete events.

parameters measured on a real service -> Plan -> simulate() -> Tally; beside real runs: validation
"""
