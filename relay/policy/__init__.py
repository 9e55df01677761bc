"""What an operator decides: settings, limits, origins, passwords, proxies.

`config` declares every setting once, for the command line, the environment and the docs. The other
modules each decide one question about a stranger, and say no with a reason.
"""
