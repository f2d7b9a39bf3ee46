package api

import (
	"embed"
	"net/http"

	"vitalien/assets"
)

//go:embed page
var pageFiles embed.FS

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(socketPath, s.sockets)
	mux.HandleFunc("GET /status", s.status)
	mux.HandleFunc("GET /recordings/{id}", s.recordingSound)
	mux.HandleFunc("POST "+pagePassPath, s.pagePass)
	s.restRoutes(mux)
	for path, serve := range pages {
		if path == "/" {
			path = "/{$}" // and nothing below
		}
		mux.HandleFunc("GET "+path, serve)
	}
	return mux
}

// pages are the files of the page for integrators, and the description of what
// is served. They hold no data.
var pages = map[string]http.HandlerFunc{
	"/":             embedded("index.html", "text/html; charset=utf-8"),
	"/page.css":     embedded("page.css", "text/css; charset=utf-8"),
	"/page.js":      embedded("page.js", "text/javascript; charset=utf-8"),
	"/socket.js":    embedded("socket.js", "text/javascript; charset=utf-8"),
	"/texts.js":     embedded("texts.js", "text/javascript; charset=utf-8"),
	"/openapi.yaml": embedded("openapi.yaml", "application/yaml"),
	"/favicon.ico":  fixed(assets.Icon, "image/png"),
}

// embedded serves a file of the page for integrators.
func embedded(name, contentType string) http.HandlerFunc {
	content, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic("api: " + err.Error()) // a file missing from the program
	}
	return fixed(content, contentType)
}

// fixed serves content. Nothing is loaded from elsewhere, and no other site
// may show it in a frame.
func fixed(content []byte, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Write(content)
	}
}
