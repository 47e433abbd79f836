"""How an S3 Object Lambda access point answers: requests, conditions, ranges, pages and errors as S3 has them."""
