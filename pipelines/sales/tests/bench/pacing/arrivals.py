"""Says when the records of a topic came in, by the broker's clock: milliseconds since the first, rising, as a JSON list."""

from __future__ import annotations

import argparse
import json

from confluent_kafka import Consumer, TopicPartition


def main() -> None:
    """Reads the topic once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    options = parser.parse_args()
    consumer = Consumer({"bootstrap.servers": options.bootstrap, "group.id": "bench-arrivals"})
    places = [
        TopicPartition(options.topic, one, 0)
        for one in consumer.list_topics(options.topic, 10).topics[options.topic].partitions
    ]
    left = sum(consumer.get_watermark_offsets(place, 10)[1] for place in places)
    consumer.assign(places)
    times: list[int] = []
    while len(times) < left:
        messages = consumer.consume(10_000, 5)
        times += [message.timestamp()[1] for message in messages if message.error() is None]
    consumer.close()
    times.sort()
    print(json.dumps([time - times[0] for time in times]))


if __name__ == "__main__":
    main()
