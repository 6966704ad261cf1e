#!/bin/sh
# Loads the people once, then serves on a port that needs no privileges. LDAP_PEOPLE=none leaves
# out the people, for tests that bring their own.
set -eu
cd /opt/openldap
if [ ! -e /var/lib/openldap/data.mdb ]; then
  if [ "${LDAP_PEOPLE:-sample}" = none ]; then
    sed '/^dn: uid=/,$d' people.ldif | slapadd -q -f slapd.conf
  else
    slapadd -q -f slapd.conf -l people.ldif
  fi
fi
# slapd reserves memory for every file that it might open.
ulimit -n 1024
exec slapd -d 0 -f /opt/openldap/slapd.conf -h ldap://0.0.0.0:1389/
