import './style.css'
import { Page } from './page.ts'

export const page = new Page(document.body)
