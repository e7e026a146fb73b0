import logging

from pyramid.response import Response
from pyramid.view import notfound_view_config, view_config

log = logging.getLogger(__name__)


@view_config(route_name="home")
def home(request):
    log.info("home was asked for")
    return Response(f"{request.registry.settings['greeting']} to myproj")


@notfound_view_config()
def not_found(request):
    return Response("no such page", status=404)
