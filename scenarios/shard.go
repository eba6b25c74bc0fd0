package scenarios

import "fmt"

// ParseShard reads which part of how many is selected, as in "2/8"; empty is the whole.
func (sel *Selection) ParseShard(s string) error {
	if s == "" {
		return nil
	}
	if n, err := fmt.Sscanf(s, "%d/%d", &sel.Shard, &sel.Shards); n != 2 || err != nil || fmt.Sprintf("%d/%d", sel.Shard, sel.Shards) != s || sel.Shards < 1 {
		return fmt.Errorf("--shard %q is not of the form I/N, such as 2/8", s)
	}
	return nil
}
