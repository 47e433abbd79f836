"""What an AWS account must have before the first deployment, asked of the account itself. Nothing is changed in it."""
