-- People are told when a stack becomes read-only. Old code makes no notice of this kind.
ALTER TYPE notice_kind ADD VALUE 'stack_read_only';
