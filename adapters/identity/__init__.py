"""What proves who somebody is: passwords, codes, passkeys, tokens, and identity providers."""
