"""What all tests share."""

from hypothesis import HealthCheck, settings

from tests.support.postgres import database, postgres_server

__all__ = ["database", "postgres_server"]

# How long an example takes depends on what else the machine does; that is no property of the code.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
