package stethoscope

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// A block is sound that has come.
type block struct {
	sound []byte
	lost  int64
	err   error
}

// blockSize is more than any datagram holds.
const blockSize = 1 << 16

// listen reads stream in a goroutine of its own, at most one block ahead, until
// it ends or end is called, which waits for it and may be called again. done
// gives back a block that is not needed any more.
func listen(stream Stream, log *slog.Logger) (blocks <-chan block, done func(block), end func()) {
	out, free, quit := make(chan block), make(chan []byte, 2), make(chan struct{})
	free <- make([]byte, blockSize)
	free <- make([]byte, blockSize)
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			var room []byte
			select {
			case room = <-free:
			case <-quit:
				return
			}
			b := next(stream, room, log)
			select {
			case out <- b:
			case <-quit:
				return
			}
			if b.err != nil {
				return
			}
		}
	})
	end = sync.OnceFunc(func() {
		close(quit)
		stream.Close()
		reader.Wait()
	})
	return out, func(b block) { free <- b.sound[:cap(b.sound)] }, end
}

// next waits for sound. A panic of a driver ends the sound and nothing else.
func next(stream Stream, room []byte, log *slog.Logger) (b block) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("a source of sound failed", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			b = block{room[:0], 0, fmt.Errorf("panic of type %T", p)}
		}
	}()
	n, lost, err := stream.Next(room)
	return block{room[:n], lost, err}
}
