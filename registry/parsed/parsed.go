// Package parsed keeps the YAML trees of files that are part of the program, so
// that a start does not parse again what has not changed since it was built.
//
// A tree is found by the digest of the bytes that it was parsed from, and by
// nothing else: a file that was edited, or that somebody else wrote, has none and
// is parsed. What a tree means, and whether it is right, is decided where it would
// be after parsing; nothing is left out because a tree was kept. Which files are
// kept is said by the rooms that embed them, whose tests hold trees to files.
package parsed

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Trees are the kept trees of some files, as Append wrote them one behind
// another. The empty string holds none.
type Trees string

// headBytes is the size of what precedes a tree: the digest of its file, and how
// many bytes and how many nodes it has.
const headBytes = sha256.Size + 2*4

// tags are those that YAML's core schema gives to a node that names none.
var tags = []string{"!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge"}

// Append adds the tree of a file to others. An error says that the file holds
// something that is not kept: an alias, an anchor or a tag that it names itself.
func Append(to []byte, data []byte, root *yaml.Node) ([]byte, error) {
	sum := sha256.Sum256(data)
	var w writer
	if err := w.node(root); err != nil {
		return nil, err
	}
	to = append(to, sum[:]...)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(w.out)))
	to = binary.LittleEndian.AppendUint32(to, uint32(w.nodes))
	return append(to, w.out...), nil
}

// A writer writes nodes in the order of the file.
type writer struct {
	out   []byte
	nodes int
	line  int
}

func (w *writer) node(n *yaml.Node) error {
	tag := -1
	for i, t := range tags {
		if t == n.Tag {
			tag = i
		}
	}
	if tag < 0 || n.Anchor != "" || n.Alias != nil {
		return fmt.Errorf("line %d: an alias, an anchor or the tag %q cannot be kept; write the value out", n.Line, n.Tag)
	}
	w.nodes++
	w.out = append(w.out, byte(n.Kind), byte(n.Style), byte(tag))
	w.out = binary.AppendVarint(w.out, int64(n.Line-w.line))
	w.out = binary.AppendUvarint(w.out, uint64(n.Column))
	w.line = n.Line
	if n.Kind == yaml.ScalarNode {
		w.out = binary.AppendUvarint(w.out, uint64(len(n.Value)))
		w.out = append(w.out, n.Value...)
		return nil
	}
	w.out = binary.AppendUvarint(w.out, uint64(len(n.Content)))
	for _, child := range n.Content {
		if err := w.node(child); err != nil {
			return err
		}
	}
	return nil
}

// A Room is memory for one tree at a time, for who reads many of them. The zero
// value is ready for use, by one goroutine.
type Room struct {
	nodes    []yaml.Node
	children []*yaml.Node
}

// of returns empty memory for a tree of some nodes, all of which but the root are
// somebody's child.
func (r *Room) of(nodes int) ([]yaml.Node, []*yaml.Node) {
	if cap(r.nodes) < nodes {
		*r = Room{make([]yaml.Node, nodes), make([]*yaml.Node, nodes)}
	}
	return r.nodes[:0:nodes], r.children[:nodes-1]
}

// Find returns the root of the tree that was kept of these bytes, or nil where
// none was. It has no comments. It is good until the next call with the same
// room; with nil it has room of its own.
func (t Trees) Find(data []byte, room *Room) *yaml.Node {
	if room == nil {
		room = &Room{}
	}
	if len(t) == 0 {
		return nil
	}
	sum := sha256.Sum256(data)
	for len(t) >= headBytes {
		head, rest := t[:headBytes], string(t[headBytes:])
		size, nodes := head.number(0), head.number(1)
		if size > len(rest) {
			return nil
		}
		if string(head[:sha256.Size]) == string(sum[:]) {
			return read(rest[:size], nodes, room)
		}
		t = Trees(rest[size:])
	}
	return nil
}

// number is the ith number of a head.
func (t Trees) number(i int) int {
	at := sha256.Size + 4*i
	return int(binary.LittleEndian.Uint32([]byte(t[at : at+4])))
}

// A reader reads what a writer wrote. What does not fit ends it, and its tree is
// then none.
type reader struct {
	text     string
	nodes    []yaml.Node
	children []*yaml.Node
	line     int
	err      error
}

var errCut = errors.New("the tree is cut off")

func read(text string, nodes int, room *Room) *yaml.Node {
	if nodes < 1 || nodes > len(text) {
		return nil
	}
	r := reader{text: text}
	r.nodes, r.children = room.of(nodes)
	root := r.node()
	if r.err != nil || r.text != "" || len(r.nodes) != nodes {
		return nil
	}
	return root
}

func (r *reader) node() *yaml.Node {
	if len(r.text) < 3 || len(r.nodes) == cap(r.nodes) || int(r.text[2]) >= len(tags) {
		r.err = errCut
		return nil
	}
	r.nodes = append(r.nodes, yaml.Node{Kind: yaml.Kind(r.text[0]), Style: yaml.Style(r.text[1]), Tag: tags[r.text[2]]})
	n := &r.nodes[len(r.nodes)-1]
	r.text = r.text[3:]
	delta := r.uvarint()
	r.line += int(delta>>1) ^ -int(delta&1)
	n.Line, n.Column = r.line, int(r.uvarint())
	size := r.uvarint()
	if n.Kind == yaml.ScalarNode {
		if size > uint64(len(r.text)) {
			r.err = errCut
			return nil
		}
		n.Value, r.text = r.text[:size], r.text[size:]
		return n
	}
	if size > uint64(len(r.children)) {
		r.err = errCut
		return nil
	}
	n.Content, r.children = r.children[:size:size], r.children[size:]
	for i := range n.Content {
		if n.Content[i] = r.node(); r.err != nil {
			return nil
		}
	}
	return n
}

// uvarint is binary.Uvarint of a string.
func (r *reader) uvarint() uint64 {
	var x uint64
	for i := 0; i < len(r.text) && i < binary.MaxVarintLen64; i++ {
		b := r.text[i]
		x |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.text = r.text[i+1:]
			return x
		}
	}
	r.text, r.err = "", errCut
	return 0
}
