"""The manifest: which files are the lake, and how far each relation has been read.

The second migration of `regulars.events` creates these tables; every statement about them is in
`manifest.py`.
"""

from __future__ import annotations

MANIFEST_DDL = """
create table lake_file (
    id bigint generated always as identity primary key,
    workspace_id bigint not null,
    relation text not null,
    kind text not null check (kind in ('base', 'tail')),
    path text not null unique,
    rows bigint not null check (rows >= 0),
    bytes bigint not null check (bytes >= 0),
    content_hash text not null,
    period text not null default '',
    bucket integer not null default 0,
    is_live boolean not null default true,
    created_at timestamptz not null,
    replaced_at timestamptz,
    check (is_live = (replaced_at is null))
);
create index lake_file_live on lake_file (workspace_id, relation) where is_live;
create index lake_file_replaced on lake_file (replaced_at) where not is_live;

create table lake_cursor (
    relation text primary key,
    xid xid8 not null default '0',
    id bigint not null default 0,
    drained_at timestamptz
);
"""

# Customers who were erased and whose rows may still be in files; `erasing.py` reads and writes it.
TOMBSTONE_DDL = """
create table lake_tombstone (
    workspace_id bigint not null,
    customer bigint not null,
    at timestamptz not null,
    is_settled boolean not null default false,
    primary key (workspace_id, customer)
);
create index lake_tombstone_open on lake_tombstone (workspace_id) where not is_settled;
"""

# What each file was made of: `relations.Relation.shape`, and for files of older releases this word.
STALE = "older"
SHAPE_DDL = f"""
alter table lake_file add column shape text not null default '{STALE}';
create index lake_file_shape on lake_file (relation, shape) where is_live;
"""

MANIFEST_DROP = "drop table lake_file; drop table lake_cursor;"
