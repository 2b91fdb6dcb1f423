"""Cluster: the application as replicas of Ray Serve, in place of workers on one machine.

    settings -> ray_config -> serve deploy -> ray_app -> replica -> application -> ray_metrics -> Ray

What `ray_config` and `replica` hold needs no Ray, and is tested without it. May not import the command line.
"""
