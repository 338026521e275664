#!/bin/sh
# One database and one owner a service, none of which may connect to another's.
set -eu
for service in registry voucher settlement supervision notify; do
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set=password="$POSTGRES_PASSWORD" <<SQL
CREATE ROLE $service LOGIN PASSWORD :'password';
CREATE DATABASE $service OWNER $service;
REVOKE CONNECT ON DATABASE $service FROM PUBLIC;
SQL
done
