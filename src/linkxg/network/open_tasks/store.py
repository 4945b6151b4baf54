"""Statements about open tasks, of the tables of requests, recalls and access to passports."""

from sqlalchemy import Connection, ScalarSelect, Select, String, bindparam, func, literal_column, select

from linkxg.db.compiled import CompiledStatement
from linkxg.network.connections.request_store import share_requests
from linkxg.network.open_tasks.model import MAX_COUNTED, OpenTasks
from linkxg.network.passports.access.store import access_requests
from linkxg.network.recalls.store import recall_notices, recalls

_r, _n, _a = share_requests.c, recall_notices.c, access_requests.c
_ACCOUNT = bindparam("account_id", type_=String)


def count_open_tasks(conn: Connection, account_id: str) -> OpenTasks:
    return OpenTasks(*_COUNT.first(conn, {"account_id": account_id}))


def _counted(query: Select[str]) -> ScalarSelect[int]:
    return select(func.count()).select_from(query.limit(MAX_COUNTED).subquery()).scalar_subquery()


_REQUESTS = select(_r.id).where(_r.account_id == _ACCOUNT, _r.status == "PENDING")
_NOTICES = (
    select(_n.id)
    .join(recalls, (recalls.c.account_id == _n.account_id) & (recalls.c.id == _n.recall_id))
    .where(_n.recipient_id == _ACCOUNT, _n.acknowledged_at.is_(None), recalls.c.withdrawn_at.is_(None))
)
# As the index has it: a parameter would not use it.
_ACCESS = select(_a.id).where(_a.account_id == _ACCOUNT, _a.status == literal_column("'PENDING'"))
_COUNT = CompiledStatement(select(_counted(_REQUESTS), _counted(_NOTICES), _counted(_ACCESS)))
