"""An order service in the manner of nameko's and SQLAlchemy's tutorials: a session a call, an order a commit."""

import os

from nameko.extensions import DependencyProvider
from nameko.rpc import rpc
from sqlalchemy import BigInteger, ForeignKey, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    pass


class Quota(Base):
    __tablename__ = "quotas"
    enterprise_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    left_fen: Mapped[int] = mapped_column(BigInteger)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("quotas.enterprise_id"))
    product_id: Mapped[str] = mapped_column(String(26))
    price_fen: Mapped[int] = mapped_column(BigInteger)
    voucher_fen: Mapped[int] = mapped_column(BigInteger)


class Database(DependencyProvider):
    def setup(self) -> None:
        self.engine = create_engine(os.environ["BENCH_DATABASE_URL"], pool_size=20)
        self.sessions = sessionmaker(self.engine)

    def get_dependency(self, worker_ctx: object) -> Session:
        return self.sessions()


class TutorialOrders:
    name = "tutorial"
    db = Database()

    @rpc
    def place_order(self, order_id: str, enterprise_id: str, product_id: str, price_fen: int) -> dict:
        with self.db as session, session.begin():
            quota = session.scalars(select(Quota).where(Quota.enterprise_id == enterprise_id).with_for_update()).one()
            voucher = min(price_fen * 6 // 10, quota.left_fen)
            quota.left_fen -= voucher
            session.add(
                Order(
                    id=order_id,
                    enterprise_id=enterprise_id,
                    product_id=product_id,
                    price_fen=price_fen,
                    voucher_fen=voucher,
                )
            )
            return {"id": order_id, "voucher_fen": voucher}
