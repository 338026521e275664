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
# offices that only some programmes know; which of them does what stands in the pack
DISTRICT = "district"  # 区、县(市)经信、财政部门
DATA_BUREAU = "data_bureau"  # 市大数据局
EXPERT = "expert"  # 评审专家
THIRD_PARTY = "third_party"  # 受托第三方机构
GOVERNMENT = "government"  # 市政府

PARTIES = frozenset({ENTERPRISE, PROVIDER})  # bound to their own organisation
# who may decide a stage of a review; the pack says which of them decides which
REVIEWERS = frozenset(
    {OPERATOR, BUREAU, PREFECTURE, FINANCE, AUDITOR, DISTRICT, DATA_BUREAU, EXPERT, THIRD_PARTY, GOVERNMENT}
)
OFFICIALS = REVIEWERS | {SUPERVISOR, OPS, SERVICE}
ALL = PARTIES | OFFICIALS | {PLATFORM}
