package dev.sluice.format;

/** What can be asked in more than one form. */
public sealed interface Question permits Conversation, Texts {}
