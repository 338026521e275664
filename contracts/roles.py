"""Who may call: the roles a token can carry (GLOSSARY.md gives the Chinese)."""

from __future__ import annotations

PLATFORM = "platform"  # the region's public service website, for its users
ENTERPRISE = "enterprise"
PROVIDER = "provider"
OPERATOR = "operator"  # 系统运营方
BUREAU = "bureau"  # 省大数据局
PREFECTURE = "prefecture"  # 市(州)大数据主管部门
FINANCE = "finance"
AUDITOR = "auditor"
SUPERVISOR = "supervisor"
OPS = "ops"
SERVICE = "service"

PARTIES = frozenset({ENTERPRISE, PROVIDER})  # bound to their own organisation
OFFICIALS = frozenset({OPERATOR, BUREAU, PREFECTURE, FINANCE, AUDITOR, SUPERVISOR, OPS, SERVICE})
ALL = PARTIES | OFFICIALS | {PLATFORM}
