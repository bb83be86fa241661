"""One folder per backend; `unifw.registry` finds them by name and nothing else imports them."""
