"""POST /v1/ledger, /v1/players, /v1/jackpots: the accounting."""

from webingo.backoffice.contract import Done
from webingo.backoffice.contract_books import JackpotSnapshots, LedgerBatch, LedgerTaken, PlayerSnapshots
from webingo.office.api.answers import documented
from webingo.office.api.router import router
from webingo.office.office import Here
from webingo.office.services import findings, ingest, snapshots
from webingo.office.services.denied import Denied

routes = router("books")


@routes.post("/ledger", responses=documented(409))
def ledger(here: Here, body: LedgerBatch) -> LedgerTaken:
    """Takes entries of one shard with the records of the rounds that they close. All of it is written, or nothing."""
    sheet = ingest.read(body)
    try:
        with here.database.write() as session:
            return ingest.take(session, sheet, here.clock.now_ms())
    except Denied as denied:
        with here.database.write() as session:  # the other one has taken back all that it wrote
            findings.note_refused(session, body.shard, denied.message, here.clock.now_ms())
        raise


@routes.post("/players", responses=documented())
def players(here: Here, body: PlayerSnapshots) -> Done:
    """Takes how wallets stand."""
    with here.database.write() as session:
        snapshots.take_players(session, body.players)
    return Done()


@routes.post("/jackpots", responses=documented())
def jackpots(here: Here, body: JackpotSnapshots) -> Done:
    """Takes how jackpots stand, and who won them."""
    with here.database.write() as session:
        snapshots.take_jackpots(session, body)
    return Done()
