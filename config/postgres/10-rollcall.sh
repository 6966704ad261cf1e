#!/bin/sh
# The database's first start: a role for Rollcall that owns its own database and nothing else. What it
# needs is to create tables, indexes and functions there; never to be a superuser, to make roles or
# databases, or to replicate.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -v password="$ROLLCALL_DB_PASSWORD" <<'SQL'
create role rollcall login nosuperuser nocreatedb nocreaterole noreplication password :'password';
create database rollcall owner rollcall;
revoke all on database rollcall from public;
SQL
