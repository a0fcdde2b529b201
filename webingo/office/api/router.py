"""A router of the API: below /v1, with the key in its document (api/intake.py has checked it before)."""

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer

from webingo.office.api.route import JsonRoute

_KEY = HTTPBearer(auto_error=False, scheme_name="rgs_key", description="`rgs_key`, which both sides know.")


def router(tag: str) -> APIRouter:
    return APIRouter(prefix="/v1", tags=[tag], route_class=JsonRoute, dependencies=[Depends(_KEY)])
