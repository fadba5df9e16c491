// Entry of the console: the theme first, so that a dark room stays dark, then the page.
import {restoreTheme} from '../theme/theme.mjs';

restoreTheme();
await import('./app.mjs');
