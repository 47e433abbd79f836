"""What proves a release: certificate, custodian mapping."""
