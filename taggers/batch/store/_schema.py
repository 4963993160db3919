"""What a store is made of: its tables, whose names end in `_rows`, and the views for people.

A picture is known by its content: its key is the SHA-256 of the bytes, 32 of them, or a URL as text
where only the vendor has the picture. A path that is no UTF-8 is kept as the bytes it is.
"""

from __future__ import annotations

__all__ = ["APPLICATION", "LIVE", "OPEN", "SCHEMA", "UPGRADES", "VERSION", "place_of"]

APPLICATION = 0x74616262
"""Marks the file in SQLite's header: "tabb"."""
VERSION = 3

LIVE = "state IN ('sent', 'done', 'failed', 'unknown')"
"""The calls that stand for an errand, at most one of each. Others are history: 'retried' ones, and
'undone' ones, whose results are gone, or in whose place those stand again that they had retried."""
OPEN = "state <> 'done'"
"""The calls of the index of those that are not done, which are few. A question for one state names
it and this, too: SQLite uses the index only where it reads its condition again."""


def place_of(picture: str) -> str:
    """Where the picture of this id was seen last, as SQL; of several places the first by name."""
    return (
        f"(SELECT source FROM place_rows WHERE picture = {picture} "
        "ORDER BY run DESC, source LIMIT 1)"
    )


_PLACES_BY_PICTURE = "CREATE INDEX places_by_picture ON place_rows (picture, run DESC, source)"

_UNREAD = (
    """CREATE TABLE unread_rows (  -- pictures that nobody was asked about, as they cannot be read
        source PRIMARY KEY,
        run INTEGER NOT NULL,    -- that tried it last
        kind TEXT NOT NULL, message TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TRIGGER place_is_read AFTER INSERT ON place_rows BEGIN
        DELETE FROM unread_rows WHERE source = new.source;
    END""",
)

_TABLES = (
    """CREATE TABLE run_rows (
        id INTEGER PRIMARY KEY,
        state TEXT NOT NULL,     -- running, done, stopped, died, undone
        command TEXT NOT NULL,
        options TEXT NOT NULL,   -- JSON
        began REAL NOT NULL,     -- all times are Unix seconds
        seen REAL NOT NULL,      -- when it last wrote something
        ended REAL,
        pid INTEGER NOT NULL, started TEXT NOT NULL, space TEXT NOT NULL
    )""",
    "CREATE TABLE provider_rows (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE picture_rows (
        id INTEGER PRIMARY KEY,
        key NOT NULL UNIQUE,
        format TEXT, width INTEGER, height INTEGER, bytes INTEGER
    )""",
    """CREATE TABLE place_rows (
        source PRIMARY KEY,
        picture INTEGER NOT NULL REFERENCES picture_rows,
        size INTEGER, mtime_ns INTEGER,
        run INTEGER NOT NULL
    ) WITHOUT ROWID""",
    _PLACES_BY_PICTURE,
    """CREATE TABLE call_rows (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run_rows,
        picture INTEGER NOT NULL REFERENCES picture_rows,
        provider INTEGER NOT NULL REFERENCES provider_rows,  -- who was asked, a route perhaps
        answered INTEGER REFERENCES provider_rows,           -- who answered
        state TEXT NOT NULL,
        began REAL NOT NULL, ended REAL,
        units INTEGER NOT NULL DEFAULT 0,     -- billed
        open_units INTEGER NOT NULL,          -- maybe billed
        price INTEGER, currency TEXT,         -- of a unit, in micros; NULL: not known
        kind TEXT, message TEXT, code TEXT,   -- of the error
        request_id TEXT
    )""",
    f"CREATE UNIQUE INDEX calls_by_errand ON call_rows (picture, provider) WHERE {LIVE}",
    f"CREATE INDEX open_calls ON call_rows (state) WHERE {OPEN}",
    """CREATE TABLE result_rows (
        call INTEGER PRIMARY KEY REFERENCES call_rows,
        run INTEGER NOT NULL,    -- that read the answer
        plugin TEXT NOT NULL, plugin_version TEXT,
        content BLOB NOT NULL    -- Result without the bytes of pictures, as JSON, zlib
    )""",
    """CREATE TABLE former_rows (  -- what earlier runs have read in the same answers
        call INTEGER NOT NULL, run INTEGER NOT NULL,
        plugin TEXT NOT NULL, plugin_version TEXT, content BLOB NOT NULL,
        PRIMARY KEY (call, run)
    )""",
    "CREATE TABLE label_rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE VIRTUAL TABLE label_search USING fts5 (
        text, content = 'label_rows', content_rowid = 'id', tokenize = 'trigram'
    )""",
    """CREATE TRIGGER label_is_searched AFTER INSERT ON label_rows BEGIN
        INSERT INTO label_search (rowid, text) VALUES (new.id, new.text);
    END""",
    """CREATE TABLE tag_rows (
        picture INTEGER NOT NULL, call INTEGER NOT NULL, rank INTEGER NOT NULL,  -- from 1
        provider INTEGER NOT NULL,  -- who answered
        label INTEGER NOT NULL,
        confidence REAL,            -- 0 to 1
        PRIMARY KEY (picture, call, rank)
    ) WITHOUT ROWID""",
    "CREATE INDEX tags_by_label ON tag_rows (label, picture, provider)",
    """CREATE TABLE region_rows (
        picture INTEGER NOT NULL, call INTEGER NOT NULL, number INTEGER NOT NULL,
        label INTEGER,              -- NULL: a place without a name
        kind TEXT,
        x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
        unit TEXT NOT NULL,         -- px or relative
        confidence REAL,
        PRIMARY KEY (picture, call, number)
    ) WITHOUT ROWID""",
    *_UNREAD,
    """CREATE TABLE judgement_rows (
        picture INTEGER NOT NULL REFERENCES picture_rows,
        label INTEGER NOT NULL REFERENCES label_rows,
        answer TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (picture, label)
    ) WITHOUT ROWID""",
)

_ASKED = """(
        SELECT asked.name FROM call_rows JOIN provider_rows AS asked
        ON asked.id = call_rows.provider WHERE call_rows.id = {}.call
    ) AS asked"""
_AT = "strftime('%Y-%m-%dT%H:%M:%SZ', {}, 'unixepoch')"

_VIEWS = (
    f"""CREATE VIEW runs AS SELECT
        id AS run, state, command, options, {_AT.format("began")} AS began,
        {_AT.format("ended")} AS ended
    FROM run_rows""",
    f"""CREATE VIEW pictures AS SELECT
        p.id AS picture, {place_of("p.id")} AS source,
        CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) END AS sha256,
        CASE typeof(key) WHEN 'text' THEN key END AS url,
        format, width, height, bytes
    FROM picture_rows AS p""",
    """CREATE VIEW places AS SELECT source, picture, size, mtime_ns, run FROM place_rows""",
    f"""CREATE VIEW calls AS SELECT
        c.id AS call, c.run, c.picture, {place_of("c.picture")} AS source, a.name AS provider,
        b.name AS answered, c.state,
        {_AT.format("c.began")} AS began, c.ended - c.began AS took_s,
        c.units, c.open_units, c.price / 1e6 AS price, c.currency,
        c.kind, c.message, c.code, c.request_id
    FROM call_rows AS c JOIN provider_rows AS a ON a.id = c.provider
    LEFT JOIN provider_rows AS b ON b.id = c.answered""",
    """CREATE VIEW spend AS SELECT
        c.run, p.name AS provider, c.currency, count(*) AS calls, sum(c.units) AS units,
        sum(c.open_units) AS open_units, sum(c.units * c.price) / 1e6 AS cost,
        sum(c.open_units * c.price) / 1e6 AS open_cost
    FROM call_rows AS c JOIN provider_rows AS p ON p.id = c.provider
    GROUP BY c.run, c.provider, c.currency""",
    f"""CREATE VIEW results AS SELECT
        r.call, c.run, c.picture, {place_of("c.picture")} AS source, p.name AS provider,
        {_ASKED.format("r")}, r.plugin, r.plugin_version, r.run AS read_by
    FROM result_rows AS r JOIN call_rows AS c ON c.id = r.call
    JOIN provider_rows AS p ON p.id = c.answered""",
    "CREATE VIEW labels AS SELECT id AS label_id, text AS label FROM label_rows",
    f"""CREATE VIEW tags AS SELECT
        t.picture, {place_of("t.picture")} AS source, p.name AS provider, l.text AS label,
        t.confidence, t.rank, {_ASKED.format("t")}, t.call
    FROM tag_rows AS t JOIN label_rows AS l ON l.id = t.label
    JOIN provider_rows AS p ON p.id = t.provider""",
    f"""CREATE VIEW regions AS SELECT
        r.picture, {place_of("r.picture")} AS source, p.name AS provider, l.text AS label,
        r.confidence, r.x, r.y, r.width, r.height, r.unit, r.kind, {_ASKED.format("r")}, r.call
    FROM region_rows AS r JOIN call_rows AS c ON c.id = r.call
    JOIN provider_rows AS p ON p.id = c.answered
    LEFT JOIN label_rows AS l ON l.id = r.label""",
    f"""CREATE VIEW disagreements AS SELECT
        t.picture, {place_of("t.picture")} AS source, l.text AS label,
        a.name AS said_by, b.name AS not_by, t.confidence
    FROM tag_rows AS t JOIN label_rows AS l ON l.id = t.label
    JOIN provider_rows AS a ON a.id = t.provider JOIN provider_rows AS b ON b.id <> a.id
    WHERE EXISTS (
        SELECT 1 FROM call_rows AS c WHERE c.picture = t.picture AND c.answered = b.id
        AND c.state = 'done' AND c.{LIVE}
    ) AND NOT EXISTS (
        SELECT 1 FROM tag_rows AS u
        WHERE u.label = t.label AND u.provider = b.id AND u.picture = t.picture
    ) AND NOT EXISTS (
        SELECT 1 FROM tag_rows AS u
        WHERE u.label = t.label AND u.provider = t.provider AND u.picture = t.picture
        AND (u.call, u.rank) < (t.call, t.rank)
    )""",
    """CREATE VIEW unread AS SELECT source, run, kind, message FROM unread_rows""",
    f"""CREATE VIEW judgements AS SELECT
        j.picture, {place_of("j.picture")} AS source, l.text AS label, j.answer,
        {_AT.format("j.at")} AS at
    FROM judgement_rows AS j JOIN label_rows AS l ON l.id = j.label""",
)

SCHEMA = (*_TABLES, *_VIEWS)
UPGRADES = {
    2: (
        "DROP INDEX places_by_picture",
        _PLACES_BY_PICTURE,
        *_UNREAD,
        *(f"DROP VIEW IF EXISTS {view.split()[2]}" for view in _VIEWS),
        *_VIEWS,
    )
}
"""What makes a store of an earlier version one of this."""
