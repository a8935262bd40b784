-- Accounts of a campaign take turns by their credit in campaign_accounts since 0017; no version since then reads or writes this column.
ALTER TABLE campaigns DROP COLUMN next_account;
