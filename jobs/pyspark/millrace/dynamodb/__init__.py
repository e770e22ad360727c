"""Items in tables of DynamoDB: requests, and rows as what they say."""
