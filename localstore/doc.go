// Package localstore keeps what Vitalien has received in one file: an
// append-only, ordered log and a few small settings, in bbolt.
//
// # The log
//
// An Entry is one message. It takes Count consecutive sequence numbers, the
// first entry starting with 1, and is never changed afterwards. Append returns
// once the entry is on the disk: the file has been flushed (fdatasync) between
// the write and the answer. Appends that arrive while a flush is under way
// share the next one, so a slow disk costs latency and not throughput, and a
// lone Append waits for nothing but the disk.
//
// A reader is a sequence number: it calls Read from where it was, and Wait for
// more. Nothing that is not durable is ever shown to a reader.
//
// # The file
//
//	bucket "meta"      "format" -> 0x01, "id" -> UUID of the store
//	bucket "log"       first sequence number, 8 bytes big-endian ->
//	                   version 0x01 | kind | count, uvarint | payload
//	bucket "settings"  one bucket a group: key -> version 0x01 | value
//
// Every value starts with the version of its own form, so that one file can
// hold values of several forms. A form that is not known, or a sequence with a
// gap or an overlap, is reported as a fault and never passed on.
package localstore
