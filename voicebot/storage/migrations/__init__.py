"""Versions of the database, brought up to date at every start (Alembic).

A new version is a file in ``versions``, written by hand: number, ``down_revision``, ``upgrade``. There is no way back:
restore a backup to go back to an older program.
"""
