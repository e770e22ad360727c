"""Prints what the items of the meters pipeline are, asked of DynamoDB by a client that shares no code with the jobs: by meter [number, kWh, status, site]."""

from __future__ import annotations

import argparse
import json
import sys

import botocore.session


def main() -> None:
    """Finds the one table of the pipeline, and reads all of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    client = botocore.session.get_session().create_client(
        "dynamodb",
        endpoint_url=parser.parse_args().url,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    [name] = [one for one in client.list_tables()["TableNames"] if "meters" in one]
    pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    items = {
        item["id"]["S"]: [int(item["number"]["N"]), item["kwh"]["N"], item["status"]["S"], item["site"]["S"]]
        for page in pages
        for item in page["Items"]
    }
    sys.stdout.write(json.dumps(items) + "\n")


if __name__ == "__main__":
    main()
