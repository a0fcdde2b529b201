"""The console: the backoffice for people, in the browser."""

from fastapi import FastAPI


def install(app: FastAPI) -> None:
    """Adds the console's pages, its files and its error pages. None of them is in the API's document (include_in_schema=False)."""
