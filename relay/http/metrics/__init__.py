"""What Prometheus reads of a relay: of its rooms, its traffic and its cluster; of workers as one.

Values are read when somebody asks. What has to be counted is counted where it happens.
"""
