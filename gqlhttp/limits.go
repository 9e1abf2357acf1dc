package gqlhttp

// Limits are how much a request may ask for. None has a value that stands for no
// limit; start from Defaults.
type Limits struct {
	Tokens      int // of the document, comments included
	NameLength  int // bytes of a name: each error about it would repeat it
	Nesting     int // brackets of any kind open at once: sets of fields, lists, objects, types
	Definitions int // operations and fragments: validation reads a fragment again for each

	Fields     int // asked for by all operations, with fragments expanded
	Depth      int // of fields in fields
	Repeats    int // of a field under the same name in the same place, with fragments expanded
	Aliases    int // in the document
	Directives int // in the document
	Mutations  int // root fields of a mutation: each may be a write, or a call elsewhere
	ListLength int // values in one list, of the document or of the variables

	Cost     int // objects and values that the answer may have
	ListSize int // assumed of a list that nothing tells the size of

	VariableBytes  int // of the variables' JSON text, without its spaces
	VariableValues int // in the variables, nested ones included
}

// Defaults are several times what a page of a dashboard and the introspection
// queries of GraphiQL and graphql-codegen need, the largest documents that people
// send. What they let through was measured to validate in less than 50 ms of a
// processor's time (docs/adr/0019-guard.md).
var Defaults = Limits{
	Tokens: 1000, NameLength: 128, Nesting: 40, Definitions: 50,
	Fields: 1000, Depth: 20, Repeats: 100, Aliases: 30, Directives: 50, Mutations: 10, ListLength: 100,
	Cost: 30_000, ListSize: 20,
	VariableBytes: 64 << 10, VariableValues: 1000,
}
