"""The Kafka log from outside: finding, starting and preparing a broker. Not here: producing or consuming."""
