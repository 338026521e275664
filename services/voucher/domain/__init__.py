"""Pure decisions of the voucher service: packs, facts and the moment go in, values come out."""
