"""Writes the Parquet files beside this script: the ways in which pandas, pyarrow and the Hub's `datasets` store texts.

    python -m pip install pyarrow==26.0.1 && python tests/data/parquet/make_files.py
"""

import datetime
import decimal
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent


def write(name, columns, metadata=None, **options):
    table = pa.table(columns)
    if metadata:
        table = table.replace_schema_metadata({"huggingface": json.dumps(metadata)})
    pq.write_table(table, HERE / name, **options)


def main():
    # As `Dataset.to_parquet` writes it: classes are numbers, their names lie in the metadata. Two row groups.
    features = {
        "sentence": {"dtype": "string", "_type": "Value"},
        "label": {"names": ["unacceptable", "acceptable"], "_type": "ClassLabel"},
    }
    write(
        "hub.parquet",
        {
            "sentence": ["The baker sold bread.", "The baker bread sold the.", "Die Bäume blühen.", "Rain fell.", "Grün 🌱 is green."],
            "label": pa.array([1, 0, 1, 1, 1], pa.int64()),
            "idx": pa.array(range(5), pa.int32()),
        },
        {"info": {"features": features}},
        compression="snappy",
        row_group_size=3,
    )
    # A test set whose answers are kept back, as in GLUE.
    write(
        "hub-unlabelled.parquet",
        {"sentence": ["One.", "Two."], "label": pa.array([-1, -1], pa.int64()), "idx": pa.array([0, 1], pa.int32())},
        {"info": {"features": features}},
    )
    # As pandas and polars write a table: words in a dictionary, other number types, Zstandard, new pages.
    queues = ["storage", "billing", "storage", "access"] * 40
    write(
        "table.parquet",
        {
            "message": pa.array([f"ticket {n}: the {queue} does not work" for n, queue in enumerate(queues)], pa.large_string()),
            "queue": pa.array(queues).dictionary_encode(),
            "urgent": [n % 3 == 0 for n in range(len(queues))],
            "stars": pa.array([n % 5 + 1 for n in range(len(queues))], pa.uint8()),
        },
        compression="zstd",
        data_page_version="2.0",
        column_encoding={"message": "DELTA_BYTE_ARRAY"},
        use_dictionary=["queue"],
    )
    # Columns that are no texts or labels, and rows that lack one.
    write(
        "odd.parquet",
        {
            "text": ["good", None, "fine"],
            "label": ["a", "b", "a"],
            "sometimes": ["a", None, "b"],
            "score": [0.5, 1.5, 2.5],
            "words": [["a", "b"], [], ["c"]],
            "nested": [{"text": "x"}, {"text": "y"}, {"text": "z"}],
            "bytes": [b"caf\xe9", b"ok", b"ok"],
            "plain": ["x", "y", "z"],
        },
    )
    # Several labels and numbers as targets. Two row groups, so that lists begin again in the middle.
    rows = 40
    names = ["storage", "urgent", "billing"]
    labels = [[name for bit, name in enumerate(names) if n >> bit & 1] for n in range(rows)]
    write(
        "targets.parquet",
        {
            "text": [f"{', '.join(of) or 'nothing'} in ticket {n}" for n, of in enumerate(labels)],
            "labels": pa.array([None if n == 8 else of for n, of in enumerate(labels)], pa.list_(pa.string())),
            "codes": pa.array([[n % 3, None] for n in range(rows)], pa.list_(pa.int64())),
            "joined": ["|".join(of) for of in labels],
            "score": pa.array([n / 8 for n in range(rows)], pa.float64()),
            "sparse": pa.array([None if n == 3 else n / 2 for n in range(rows)], pa.float32()),
            "price": pa.array([decimal.Decimal(n) / 100 for n in range(rows)], pa.decimal128(7, 2)),
            "lists": pa.array([[[n]] for n in range(rows)], pa.list_(pa.list_(pa.int64()))),
        },
        row_group_size=16,
    )
    # A table as pandas writes it: numbers, categories, gaps, dates and times.
    day = datetime.date(2024, 2, 28)
    write(
        "loads.parquet",
        {
            "requests": pa.array([n * 10 for n in range(12)], pa.int64()),
            "cpu": pa.array([None, float("nan"), *(n / 4 for n in range(10))], pa.float64()),
            "region": pa.array(["eu", "us", None, "eu"] * 3).dictionary_encode(),
            "peak": [n % 2 == 0 for n in range(12)],
            "day": [day + datetime.timedelta(days=n) for n in range(12)],
            "at": pa.array([datetime.datetime(2024, 2, 29, 12, n, 30) for n in range(12)], pa.timestamp("us")),
            "tags": [["a"]] * 12,
            "id": pa.array([bytes([n] * 16) for n in range(12)], pa.binary(16)),
            "tier": ["small" if n < 6 else "large" for n in range(12)],
        },
    )
    write("gzip.parquet", {"text": ["x", "y"], "label": ["a", "b"]}, compression="gzip")
    write("empty.parquet", {"text": pa.array([], pa.string()), "label": pa.array([], pa.string())})


if __name__ == "__main__":
    main()
