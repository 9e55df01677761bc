"""What the relay says over HTTP: the app, the REST resources, the pages, the metrics.

The `app` puts the routes together; `operator_routes` has those of operators, and no other module
imports Responder. The `guard` refuses requests that are too many, too large, or from pages that the
relay does not allow. `behind` undoes what proxies changed, so that the app sees each request as the
page's user made it.
"""
