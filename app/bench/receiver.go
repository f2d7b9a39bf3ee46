package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/lenaten/hl7"
	"go.etcd.io/bbolt"
)

// receive is the baseline: it parses each message with lenaten's parser,
// stores it by one Update of bbolt, and acknowledges it.
func receive(folder string) error {
	db, err := bbolt.Open(filepath.Join(folder, "store"), 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("ready", l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			serve(db, conn)
		}()
	}
}

func serve(db *bbolt.DB, conn net.Conn) error {
	r := bufio.NewReader(conn)
	for {
		message, err := r.ReadBytes(0x1c)
		if err != nil {
			return err
		}
		if _, err := r.Discard(1); err != nil {
			return err
		}
		message = message[1 : len(message)-1]
		id, err := controlID(message)
		if err != nil {
			return err
		}
		if err := db.Update(func(tx *bbolt.Tx) error { return put(tx, message) }); err != nil {
			return err
		}
		answer := "\x0bMSH|^~\\&|||||||ACK|1|P|2.6\rMSA|AA|" + id + "\r\x1c\r"
		if _, err := io.WriteString(conn, answer); err != nil {
			return err
		}
	}
}

// controlID parses the message, with the two bytes of room that the parser
// needs, and reads MSH-10.
func controlID(message []byte) (string, error) {
	m := hl7.NewMessage(append(make([]byte, 0, len(message)+8), message...))
	if err := m.Parse(); err != nil {
		return "", err
	}
	return m.Find("MSH.10")
}

func put(tx *bbolt.Tx, message []byte) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte("messages"))
	if err != nil {
		return err
	}
	sequence, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	return bucket.Put(fmt.Appendf(nil, "%016x", sequence), message)
}
