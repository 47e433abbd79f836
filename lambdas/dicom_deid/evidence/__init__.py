"""What proves a release: certificate, custodian mapping, record of a withdrawal."""
