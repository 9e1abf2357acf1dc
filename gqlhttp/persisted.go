package gqlhttp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Persisted lets a request name its document instead of carrying it, and lets a
// server hold some callers to the documents that it knows. A document is named by
//
//   - documentId: "sha256:" and the SHA-256 of its text in lower-case hex, or a key of
//     the manifest (https://github.com/graphql/graphql-over-http, branch
//     persisted-documents, appendix A). Where gqlgen hands requests on, and over
//     a WebSocket, it is extensions.documentId;
//   - extensions.persistedQuery, {"version": 1, "sha256Hash": …}, as Apollo's clients
//     send it (automatic persisted queries).
//
// It must be used before [Guard], which then measures what was named as it
// measures what was sent. gqlgen's AutomaticPersistedQuery does not do here: it
// remembers a text before any rule has looked at it, its errors have no code, and
// it knows nothing of documentId or a manifest.
type Persisted struct {
	Trusted     *Manifest                  // nil: no document is
	TrustedOnly func(context.Context) bool // who may send trusted documents only; nil: nobody
	Texts       *Texts                     // what clients have sent with a hash; nil: nothing is remembered
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = Persisted{}

// The extensions that name a document.
const (
	documentID     = "documentId"
	persistedQuery = "persistedQuery"
)

// ExtensionName names the extension to gqlgen.
func (Persisted) ExtensionName() string { return "Persisted" }

// Validate has nothing to check.
func (Persisted) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters puts the document in where only its name is, and
// refuses one that its caller may not send.
func (p Persisted) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	name, err := documentName(params.Extensions)
	if err != nil {
		return err
	}
	if name != "" {
		if params.Query == "" {
			params.Query = p.find(ctx, name)
		} else if p.Trusted.named(name) != params.Query && sum(params.Query) != name {
			return codedError(CodeBadRequest, "The query is not the document that is named beside it.")
		}
	}
	switch {
	case p.TrustedOnly != nil && p.TrustedOnly(ctx) && !p.Trusted.has(params.Query):
		return codedError(CodeDocumentNotTrusted, "Only documents that this server trusts may be sent here.")
	case params.Query == "":
		return codedError(CodePersistedQueryNotFound, persistedQueryNotFound)
	}
	return nil
}

// persistedQueryNotFound is the message that Apollo's clients wait for. They
// send the text with its hash then.
const persistedQueryNotFound = "PersistedQueryNotFound"

// MutateOperationContext remembers a text that came with its hash. By now the
// guard has measured the document and it is valid, so that nobody fills the
// memory with what would be refused whatever its variables.
func (p Persisted) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	name, err := documentName(operation.Extensions)
	if err != nil || name == "" || p.Texts == nil || p.Texts.Has(name) || p.Trusted.has(operation.RawQuery) {
		return err
	}
	p.Texts.Add(ctx, sum(operation.RawQuery), operation.RawQuery)
	return nil
}

// find returns the text of a document, "" if nobody has told it.
func (p Persisted) find(ctx context.Context, name string) string {
	text := p.Trusted.named(name)
	if text == "" && p.Texts != nil {
		text, _ = p.Texts.Get(ctx, name)
	}
	return text
}

// Texts remembers the texts of documents by their SHA-256.
type Texts struct{ *cache[string] }

// textBase is what an entry takes beside its text, its hash among it.
const textBase = 512

// NewTexts returns an empty cache of at most limit bytes of memory. A text of more
// than a sixteenth of that is not remembered.
func NewTexts(limit int) *Texts {
	return &Texts{newCache(limit, func(_, text string) int { return textBase + len(text) })}
}

// documentName returns the name of a document among the extensions of a request,
// "" if there is none. A hash is without its prefix.
func documentName(extensions map[string]any) (string, *gqlerror.Error) {
	id, automatic := extensions[documentID], extensions[persistedQuery]
	switch {
	case id != nil && automatic != nil:
		return "", codedError(CodeBadRequest, "The request names its document twice.")
	case id != nil:
		return identifier(id)
	case automatic != nil:
		return hashOf(automatic)
	}
	return "", nil
}

// identifier reads documentId.
func identifier(value any) (string, *gqlerror.Error) {
	if id, _ := value.(string); id != "" {
		return strings.TrimPrefix(id, hashPrefix), nil
	}
	return "", codedError(CodeBadRequest, "documentId must be a string that names a document.")
}

// hashOf reads extensions.persistedQuery.
func hashOf(value any) (string, *gqlerror.Error) {
	members, _ := value.(map[string]any)
	hash, _ := members["sha256Hash"].(string)
	if members["version"] == json.Number("1") && hash != "" {
		return hash, nil
	}
	return "", codedError(CodeBadRequest, "extensions.persistedQuery must have version 1 and a sha256Hash.")
}

// hashPrefix says that the rest of a name is a hash.
const hashPrefix = "sha256:"

// sum returns the SHA-256 of a text in lower-case hex.
func sum(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}
