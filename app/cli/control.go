package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// The control socket is how a subcommand and a second start reach the program
// that runs: a Unix socket, on Windows a named pipe, one for each data folder,
// open to this user alone. One request and one reply, each a line of JSON, and
// before the reply as many lines as there is progress to tell.

const (
	controlTimeout = 10 * time.Second
	maxControl     = 64 << 10
)

// ErrNotRunning says that no program serves this data folder.
var ErrNotRunning = errors.New("no program runs on this data folder")

type controlRequest struct {
	Words []string `json:"words"`
}

// Replies with progress come before the one that counts.
type controlReply struct {
	Progress *Progress `json:"progress,omitempty"`
	Output   string    `json:"output"`
	Code     string    `json:"code,omitempty"` // of the Fault; empty: done
	Error    string    `json:"error,omitempty"`
	French   string    `json:"french,omitempty"`
	Wrong    bool      `json:"wrong,omitempty"`
}

// A Handler executes the words of a request and writes what it prints.
type Handler func(ctx context.Context, words []string, out io.Writer) error

// ServeControl answers on the control socket of folder until ctx ends. Whoever
// calls it holds the store of the folder, so a socket that is left over from a
// crash can be replaced.
func ServeControl(ctx context.Context, folder string, handle Handler) error {
	listener, err := listenControl(folder)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	return serveControl(ctx, listener, handle)
}

func serveControl(ctx context.Context, listener net.Listener, handle Handler) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	defer listener.Close()
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("control socket: %w", err)
		}
		calls.Go(func() { answerControl(ctx, conn, handle) })
	}
}

// answerControl leaves without an answer whoever asks for nothing.
func answerControl(ctx context.Context, conn net.Conn, handle Handler) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlTimeout))
	// Who has asked is answered; who has not would hold up the end.
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	var request controlRequest
	if err := json.NewDecoder(io.LimitReader(conn, maxControl)).Decode(&request); err != nil || len(request.Words) == 0 {
		return
	}
	ctx, ended := whileConnected(ctx, conn)
	answers := json.NewEncoder(conn)
	reply := replyTo(ctx, request.Words, handle, func(p Progress) {
		conn.SetWriteDeadline(time.Now().Add(controlTimeout))
		answers.Encode(controlReply{Progress: &p})
	})
	conn.SetDeadline(time.Now().Add(controlTimeout))
	answers.Encode(reply)
	conn.Close()
	ended()
}

// whileConnected gives a context that ends when the caller hangs up, and what
// waits for its watch, once conn is closed.
func whileConnected(ctx context.Context, conn net.Conn) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	conn.SetDeadline(time.Time{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			cancel()
		}
	}()
	return ctx, func() {
		<-watched
		cancel()
	}
}

func replyTo(ctx context.Context, words []string, handle Handler, tell func(Progress)) (reply controlReply) {
	var out bytes.Buffer
	if err := guarded(ctx, words, reporting{&out, tell}, handle); err != nil {
		fault := fhirmap.FaultOf(err)
		_, isWrong := errors.AsType[WrongUse](err)
		reply = controlReply{Code: fault.Code, Error: err.Error(), French: fault.French, Wrong: isWrong}
	}
	reply.Output = out.String()
	return reply
}

// guarded makes an error of a panic, which must not end the program.
func guarded(ctx context.Context, words []string, out io.Writer, handle Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %T", p) // its text could quote a message
		}
	}()
	return handle(ctx, words, out)
}

// Call has the program that serves folder execute words, and writes what it
// prints to out. Without one the error is ErrNotRunning.
func Call(ctx context.Context, folder string, words []string, out io.Writer) error {
	dialing, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	if !unhurried[words[0]] {
		ctx = dialing
	}
	conn, err := dialControl(dialing, folder)
	if err != nil {
		return fmt.Errorf("%w (%v)", ErrNotRunning, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	reply, err := ask(conn, words, progressOf(out))
	if err != nil {
		return &fhirmap.Fault{
			Code: "no_answer", English: "the running program does not answer", Temporary: true, Cause: err,
			French: "Vitalien est ouvert mais ne répond pas. Recommencez\u202f; si cela se répète, quittez Vitalien et relancez-le.",
		}
	}
	if _, err := io.WriteString(out, reply.Output); err != nil {
		return err
	}
	switch { // as replyTo made it of an error
	case reply.Wrong:
		return WrongUse{errors.New(reply.Error)}
	case reply.Code != "":
		return &fhirmap.Fault{Code: reply.Code, English: reply.Error, French: reply.French}
	}
	return nil
}

func ask(conn net.Conn, words []string, tell func(Progress)) (reply controlReply, err error) {
	if err = json.NewEncoder(conn).Encode(controlRequest{words}); err != nil {
		return reply, err
	}
	for replies := json.NewDecoder(conn); ; tell(*reply.Progress) {
		reply = controlReply{}
		if err = replies.Decode(&reply); err != nil || reply.Progress == nil {
			return reply, err
		}
	}
}
