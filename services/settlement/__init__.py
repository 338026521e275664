"""What is paid: claims, their reviews, disbursements, payments, and what the bank says of them."""
