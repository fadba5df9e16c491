import"./reactive-element.mjs";import"./lit-html.mjs";export*from"./lit-element.mjs";export*from"./is-server.mjs";
