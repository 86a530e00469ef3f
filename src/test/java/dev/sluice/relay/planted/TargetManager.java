package dev.sluice.relay.planted;

/** What the planted wrong arrow points at, under a name that says nothing. */
public final class TargetManager {}
