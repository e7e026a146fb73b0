"""What production.ini names: a Pyramid application."""

from pyramid.config import Configurator
from pyramid.response import Response


def main(global_config, **settings):
    with Configurator(settings=settings) as config:
        config.add_route("home", "/")
        config.add_view(lambda request: Response("pyramid"), route_name="home")
        return config.make_wsgi_app()
