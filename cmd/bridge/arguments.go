package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// strictly makes every command below root, those of cobra's own too, say in plain words which of
// its words are wrong: a group refuses a word that is none of its commands, where cobra would
// show its help and call that a success, and a command names the argument that it misses.
func strictly(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		// "sync nope --user x": the group has no such flag, but that is not what is wrong.
		if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 {
			return unknownCommand(c, words[0])
		}
		return err
	})
	for _, c := range root.Commands() {
		strict(c)
	}
}

func strict(c *cobra.Command) {
	for _, sub := range c.Commands() {
		strict(sub)
	}
	switch {
	case c.Name() == "help":
		c.RunE, c.Run = helpOn, nil
	case c.HasSubCommands() && !c.Runnable():
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		c.DisableFlagsInUseLine = true
		c.Args = func(c *cobra.Command, words []string) error {
			if len(words) > 0 {
				return unknownCommand(c, words[0])
			}
			return nil
		}
	case c.Args != nil:
		fits := c.Args
		c.Args = func(c *cobra.Command, words []string) error {
			if fits(c, words) == nil {
				return nil
			}
			return wrongWords(c, words)
		}
	}
}

// helpOn is `bridge help a b`, which shows the help of a command that there is.
func helpOn(c *cobra.Command, words []string) error {
	found, rest, err := c.Root().Find(words)
	if err != nil {
		return err
	}
	if found.HasSubCommands() && len(rest) > 0 {
		return unknownCommand(found, rest[0])
	}
	found.InitDefaultHelpFlag()
	return found.Help()
}

// unknownCommand says that a group has no such command, and which it may be.
func unknownCommand(c *cobra.Command, word string) error {
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(word); len(near) > 0 {
		return fmt.Errorf("unknown command %q for %q\n\nDid you mean this?\n\t%s", word, c.CommandPath(), strings.Join(near, "\n\t"))
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return fmt.Errorf("unknown command %q for %q; there are %s", word, c.CommandPath(), strings.Join(names, ", "))
}

// wrongWords says what is wrong with the number of words behind a command, from its Use line.
func wrongWords(c *cobra.Command, words []string) error {
	wants := strings.Fields(c.Use)[1:]
	needed := 0
	for _, w := range wants {
		if !strings.HasPrefix(w, "[") {
			needed++
		}
	}
	path := c.CommandPath()
	name := strings.TrimPrefix(path, c.Root().Name()+" ")
	form := strings.Join(append([]string{path}, wants...), " ")
	if len(words) < needed {
		return fmt.Errorf("%s needs %s: %s", name, article(wants[len(words)]), form)
	}
	return fmt.Errorf("%s takes no %q: %s", name, words[len(wants)], form)
}

// article is a word of a Use line with its article: a RUN, an ID, a UID.
func article(word string) string {
	a := "a "
	if strings.ContainsAny(word[:1], "AEIO") {
		a = "an "
	}
	return a + strings.ReplaceAll(word, "|", " or a ")
}
