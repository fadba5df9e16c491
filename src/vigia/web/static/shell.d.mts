// The types of shell.mjs, which the gateway makes when it is asked for (run/phone_shell.py).
export const VERSION: string;
export const PAGES: Record<string, string>;
export const FILES: Record<string, string>;
