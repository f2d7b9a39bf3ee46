// Package localstore keeps what Vitalien has received: an append-only, ordered
// log and a few small settings, in bbolt, with a journal in front of it.
//
// # The log
//
// An Entry is one message. It takes Count consecutive sequence numbers, the
// first entry starting with 1, and is never changed afterwards. Append returns
// once the entry is on the disk: the journal has been flushed (fdatasync) between
// the write and the answer. Appends that arrive while a flush is under way
// share the next one, so a slow disk costs latency and not throughput, and a
// lone Append waits for nothing but the disk.
//
// A reader is a sequence number: it calls Read from where it was, and Wait for
// more. Nothing that is not durable is ever shown to a reader.
//
// # Two files
//
// A transaction of bbolt costs two flushes and a dozen pages; a block of the
// journal costs one of each, so a lone Append takes less than half the time. The
// journal (the name of the store with ".journal") is a ring of blocks, each the
// entries of one commit. What it holds and bbolt does not yet is kept in memory
// as well, the tail, from which readers are served. A tenth of a second after
// the first entry, or when there is much, bbolt takes the tail in one
// transaction, and its blocks may be overwritten. When bbolt does not keep up,
// Append waits for it; when bbolt fails, entries are accepted until the journal
// is full, then refused, and all goes on as soon as bbolt does. Settings go to
// bbolt at once.
//
// Close leaves everything in bbolt's file and the journal empty: then a copy of
// that file is the whole store, and a journal that is missing is made. After a
// crash both files are the store. Open gives bbolt the blocks that it lacks; the
// newest may be torn, and was not acknowledged then. Any other that is missing
// or damaged leaves a gap in the log, which is reported to whoever reads across.
//
// # The file of bbolt
//
//	bucket "meta"      "format" -> 0x02, "id" -> UUID of the store
//	bucket "keys"      id, 4 bytes -> a key, wrapped with the master key
//	bucket "log"       first sequence number, 8 bytes big-endian ->
//	                   kind | count, uvarint | payload
//	bucket "settings"  one bucket a group: pseudonym of the key, 16 bytes ->
//	                   length of the key, uvarint | key | value
//	bucket "sealed"    one bucket a vault: time, 8 bytes big-endian | 8 random
//	                   bytes -> value; of blobs: id | 0x00 | offset, 8 bytes
//	                   big-endian -> value
//
// Every value is sealed (see valueSealed), here and in the journal, and bound to
// its bucket and key: one that was changed or moved is reported, never passed
// on, and so is a sequence with a gap or an overlap. The form of a value has a
// version of its own. The master key stands in the keyring of the system, else in
// a file beside the store. A file of an older format is brought up to date by
// Open, after a backup; see migrations.
package localstore
