"""The API for the servers (backoffice/contract.py). Its document is /openapi.json."""
