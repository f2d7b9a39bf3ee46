package hl7link

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestFrenchReasons(t *testing.T) {
	for reason, want := range map[string][]string{
		"": nil,
		"OBX[3]-5: value of a vital sign is no number; answer not sent": {
			"la valeur de la constante n’est pas un nombre (OBX[3]-5)", "la réponse n’a pas pu être envoyée",
		},
		"not stored: disk_full":                       {"non enregistré\u00a0: disk_full"},
		"not recorded: too_long":                      {"non enregistré\u00a0: too_long"},
		"message longer than the limit of 1000 bytes": {"message plus long que la limite, en octets\u00a0: 1000"},
		"MSH[1]-1: no MSH segment":                    {"aucun segment MSH (MSH[1]-1)"},
		"said by another version":                     {"said by another version"},
	} {
		if got := FrenchReasons(reason); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
}

// TestFrenchReasons_KnowsAll holds the French texts to what the package says.
func TestFrenchReasons_KnowsAll(t *testing.T) {
	said := saidReasons(t)
	if len(said) < 20 {
		t.Fatalf("only %d reasons found in the source: %q", len(said), said)
	}
	for _, text := range said {
		if got := FrenchReasons(text); len(got) != 1 || got[0] == text {
			t.Errorf("%q is %q in French", text, got)
		}
	}
}

// saidReasons are the texts of troubles, of what is rejected and of a message
// that cannot be parsed, as the source of this package has them.
func saidReasons(t *testing.T) (said []string) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			said = append(said, reasonsOf(n, name == "message.go")...)
			return true
		})
	}
	return said
}

func reasonsOf(n ast.Node, parses bool) (said []string) {
	literal := func(e ast.Expr) {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			e = pair.Value
		}
		if text, ok := e.(*ast.BasicLit); ok && text.Kind == token.STRING {
			if text, err := strconv.Unquote(text.Value); err == nil {
				said = append(said, text)
			}
		}
	}
	switch n := n.(type) {
	case *ast.CompositeLit:
		if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "trouble" && len(n.Elts) > 0 {
			literal(n.Elts[len(n.Elts)-1])
		}
	case *ast.CallExpr:
		called, ok := n.Fun.(*ast.SelectorExpr)
		if ok && (slices.Contains([]string{"unsupported", "reject", "rejectPart", "tellMessage"}, called.Sel.Name) || parses && called.Sel.Name == "New") {
			literal(n.Args[len(n.Args)-1])
		}
	}
	return slices.DeleteFunc(said, func(text string) bool { return text == "" })
}
